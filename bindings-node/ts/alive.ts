// Nothing native holds the process: this timer does, while anything of this thread is held.
const timer = setInterval(() => {}, 2 ** 31 - 1).unref()
// Nothing native holds a client either: this does, while any of its calls waits.
const held = new Set<object>()

/** Keeps `owner`, and so the process, until it is let go. */
export function hold(owner: object): void {
  if (held.size === 0) timer.ref()
  held.add(owner)
}

/** Lets `owner` go; the process too, if it was the last. */
export function letGo(owner: object): void {
  if (held.delete(owner) && held.size === 0) timer.unref()
}
