/** Building elements without markup: every text becomes a text node, so nothing that a person wrote is ever parsed. */

type Child = Node | string | false | undefined;
type Listeners = { [K in keyof HTMLElementEventMap]?: (event: HTMLElementEventMap[K]) => void };

interface Options {
  class?: string;
  attrs?: Record<string, string | boolean | undefined>;
  on?: Listeners;
}

export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  options: Options = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  if (options.class) element.className = options.class;
  for (const [name, value] of Object.entries(options.attrs ?? {})) setAttribute(element, name, value);
  for (const [name, listener] of Object.entries(options.on ?? {})) {
    element.addEventListener(name, listener as EventListener);
  }
  element.append(...children.filter((child) => child !== false && child !== undefined));
  return element;
}

export function setAttribute(element: Element, name: string, value: string | boolean | undefined): void {
  if (value === undefined || value === false) element.removeAttribute(name);
  else element.setAttribute(name, value === true ? "" : value);
}

const SVG = "http://www.w3.org/2000/svg";

const PATHS = {
  chat: "M4 5.5A2.5 2.5 0 0 1 6.5 3h11A2.5 2.5 0 0 1 20 5.500v8a2.5 2.5 0 0 1-2.5 2.500H11l-4.6 4.200c-.5.45-1.4.1-1.4-.600V16A2.5 2.5 0 0 1 4 13.500z",
  close: "M6 6l12 12M18 6L6 18",
  send: "M4 12l16-8-5 16-3-7z",
  clip: "M19 11l-7.5 7.500a4.5 4.5 0 0 1-6.4-6.400L13 4.300a3 3 0 0 1 4.3 4.300l-7.7 7.700a1.5 1.5 0 0 1-2.1-2.100L14.5 7",
  up: "M7 11v9H4v-9zM7 11l4-8a2 2 0 0 1 2 2v4h5.500a2 2 0 0 1 2 2.300l-1.1 7A2 2 0 0 1 17.4 20H7",
  down: "M17 13V4h3v9zM17 13l-4 8a2 2 0 0 1-2-2v-4H5.500a2 2 0 0 1-2-2.300l1.1-7A2 2 0 0 1 6.6 4H17",
  star: "M12 3.500l2.6 5.4 5.9.8-4.3 4.1 1 5.9-5.2-2.8-5.2 2.8 1-5.900L3.5 9.700l5.9-.800z",
  file: "M7 3h7l4 4v14H7zM14 3v4h4",
} as const;

export type IconName = keyof typeof PATHS;

export function icon(name: IconName): SVGSVGElement {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", `icon icon-${name}`);
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}

/** Makes `parent` show exactly `wanted`, in that order, moving as little as possible. */
export function arrange(parent: Element, wanted: Element[]): void {
  wanted.forEach((child, at) => {
    const present = parent.children[at];
    if (present !== child) parent.insertBefore(child, present ?? null);
  });
  while (parent.children.length > wanted.length) parent.lastElementChild!.remove();
}
