/** Lets go of the address of a blob. Main thread. */

/** After what shows it has left the page: WebKit reports an address that ends while it is read. @param address null = nothing. */
export function releaseAddress(address: string | null): void {
  if (address) setTimeout(() => URL.revokeObjectURL(address));
}
