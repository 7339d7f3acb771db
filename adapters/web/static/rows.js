// Lists whose nodes are made once and written again and again: a screen runs for months.

/** Write `text` into the node only if it says something else: what is the same is neither painted nor announced. */
export function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Set or remove a `data-` attribute that is either there or not. */
export function mark(node, name, on) {
  if (on !== node.hasAttribute(`data-${name}`)) node.toggleAttribute(`data-${name}`, on);
}

/** Give `list` exactly one row per item, each written by `write(row, item)`. */
export function fill(list, template, items, write) {
  while (list.children.length > items.length) list.lastElementChild.remove();
  while (list.children.length < items.length) list.append(template.content.cloneNode(true));
  items.forEach((item, nth) => write(list.children[nth], item));
}
