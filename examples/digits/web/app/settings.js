/* Written once by edgegen 0.1.0 and yours from then on: `edgegen update` never touches it.
 */

/**
 * What a visitor chose last time. Where storage is blocked, the choice holds for this page alone.
 *
 * @param {string} key
 * @returns {string} "" where nothing was remembered
 */
export function recall(key) {
  try {
    return localStorage.getItem(key) ?? "";
  } catch {
    return "";
  }
}

/**
 * @param {string} key
 * @param {string} value
 */
export function remember(key, value) {
  try {
    localStorage.setItem(key, value);
  } catch {
    // Blocked or full: nothing on the page depends on it.
  }
}
