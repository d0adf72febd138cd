/* Written once by edgegen 0.1.0 and yours from then on: `edgegen update` never touches it.
 */

/**
 * The element with this id.
 *
 * @template {Element} T
 * @param {string} id
 * @param {new () => T} type its class
 * @returns {T}
 */
export function byId(id, type) {
  return checked(document.getElementById(id), id, type);
}

/**
 * The element marked `data-part="name"` below a root.
 *
 * @template {Element} T
 * @param {ParentNode} root
 * @param {string} name
 * @param {new () => T} type its class
 * @returns {T}
 */
export function part(root, name, type) {
  return checked(root.querySelector(`[data-part="${name}"]`), name, type);
}

/**
 * A copy of a template's only element.
 *
 * @param {string} id of the template
 * @returns {HTMLElement}
 */
export function fromTemplate(id) {
  const copy = byId(id, HTMLTemplateElement).content.cloneNode(true);
  return part(/** @type {DocumentFragment} */ (copy), "root", HTMLElement);
}

/**
 * A new element with text in it. Text is all that a model or a file ever puts into the page.
 *
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {string} [text]
 * @param {string} [className]
 * @returns {HTMLElementTagNameMap[K]}
 */
export function element(tag, text = "", className = "") {
  const made = document.createElement(tag);
  made.textContent = text;
  if (className) {
    made.className = className;
  }
  return made;
}

/**
 * A new SVG element.
 *
 * @param {string} tag
 * @param {Record<string, string | number>} attributes
 * @returns {SVGElement}
 */
export function svg(tag, attributes) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) {
    made.setAttribute(name, String(value));
  }
  return made;
}

/**
 * Terms and values of a description list.
 *
 * @param {HTMLDListElement} list
 * @param {Iterable<readonly [string, string]>} entries
 */
export function describe(list, entries) {
  list.replaceChildren(
    ...[...entries].map(([term, value]) => {
      const pair = element("div");
      pair.append(element("dt", term), element("dd", value));
      return pair;
    }),
  );
}

/**
 * @template {Element} T
 * @param {Element | null} found
 * @param {string} name
 * @param {new () => T} type
 * @returns {T}
 */
function checked(found, name, type) {
  if (found instanceof type) {
    return found;
  }
  throw new Error(`index.html and its scripts differ: "${name}" is no ${type.name}`);
}
