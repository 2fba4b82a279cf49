/** A file's size in the unit that fits. */
export function sizeOf(bytes: number | undefined): string {
  if (!bytes) return "";
  return bytes < 2 ** 20 ? `${Math.max(1, Math.round(bytes / 1024))} KB` : `${(bytes / 2 ** 20).toFixed(1)} MB`;
}
