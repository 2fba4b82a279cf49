import { address, part, Problem, understand } from "./http.ts";
import type { Attachment } from "./types.ts";

/**
 * Uploads a file that a message is to carry. `progress` hears how much of it has gone, from 0 to 1. Throws `Problem`.
 *
 * By XMLHttpRequest: `fetch` tells nothing about the way out.
 */
export function upload(
  conversation: string,
  file: File,
  progress: (share: number) => void,
  signal: AbortSignal,
): Promise<Attachment> {
  return new Promise((resolve, reject) => {
    const form = new FormData();
    form.append("file", file, file.name);
    const request = new XMLHttpRequest();
    request.open("POST", address(`/conversations/${part(conversation)}/attachments`));
    request.upload.onprogress = ({ loaded, total }) => progress(total > 0 ? loaded / total : 0);
    request.onload = () => {
      try {
        resolve(understand<Attachment>(request.status, request.responseText));
      } catch (problem) {
        reject(problem);
      }
    };
    request.onerror = request.onabort = () => reject(new Problem(0, ""));
    signal.addEventListener("abort", () => request.abort());
    request.send(form);
  });
}
