/** A file's size in the unit that fits; nothing where it is not known. */
export function sizeOf(bytes: number | undefined): string {
  if (!bytes) return "";
  const megabytes = Math.round((bytes / 2 ** 20) * 10) / 10;
  return bytes < 2 ** 20 ? `${Math.max(1, Math.round(bytes / 1024))} KB` : `${megabytes} MB`;
}
