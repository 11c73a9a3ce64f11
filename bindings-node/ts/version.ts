/** What scripts/build.mjs reads from package.json. */
declare const PACKAGE_VERSION: string

/** This package's version. */
export const VERSION = PACKAGE_VERSION
