// What has the focus, and whether it can be seen there: an outline or a shadow that is not there without.

const element = document.activeElement;
const style = getComputedStyle(element);
const outlined = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0;
const words = element.labels?.length ? [...element.labels].map((label) => label.innerText).join(' ') : element.innerText;
const name = (element.ariaLabel || words || element.value || element.tagName).replace(/\s+/g, ' ').trim();
const { top, bottom } = element.getBoundingClientRect();
const inside = bottom > 0 && top < innerHeight;
return { name, visible: inside && (outlined || style.boxShadow !== 'none'), tag: element.tagName, id: element.id };
