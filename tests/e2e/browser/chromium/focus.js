// What has the focus, and whether it can be seen there: by an outline or a shadow of its own, or by an outline of
// what is close around it.

const element = document.activeElement;

function isOutlined(one) {
  const { outlineStyle, outlineWidth } = getComputedStyle(one);
  return outlineStyle !== 'none' && parseFloat(outlineWidth) > 0;
}

const close = [element];
while (close.length < 6 && close.at(-1).parentElement) close.push(close.at(-1).parentElement);
const ringed = close.some(isOutlined) || getComputedStyle(element).boxShadow !== 'none';
const words = element.labels?.length ? [...element.labels].map((label) => label.innerText).join(' ') : element.innerText;
const name = (element.ariaLabel || words || element.value || element.tagName).replace(/\s+/g, ' ').trim();
const { top, bottom } = element.getBoundingClientRect();
const inside = bottom > 0 && top < innerHeight;
return { name, visible: inside && ringed, tag: element.tagName, id: element.id };
