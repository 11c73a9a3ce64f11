/** The path of the program `linktor-sandbox` for this machine. Its absence throws when the package is loaded. */
export declare const path: string
