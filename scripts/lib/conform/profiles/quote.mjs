/** Quotes a document: `(section, text)`, where the text is as it stands there, without its markup. */
export function quotes(document, url, at = (page) => page) {
  return (section, text) => ({ text, document, section, url: at(url, section) });
}
