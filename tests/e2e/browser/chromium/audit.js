// What axe-core finds against WCAG 2.2 A and AA and its own good practices, and whether the page is wider
// than its window. After the colours have settled: a contrast is judged as it is to stay.

const [width] = arguments;
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

const moving = document
  .getAnimations()
  .filter((one) => one.playState === 'running' && one.effect.getComputedTiming().endTime !== Infinity);
const patience = new Promise((done) => setTimeout(done, 3000));

return (async () => {
  await document.fonts.ready;
  await Promise.race([patience, Promise.allSettled(moving.map((one) => one.finished))]);
  const { violations } = await axe.run(document, {
    runOnly: { type: 'tag', values: TAGS },
    resultTypes: ['violations'],
    preload: false,
  });
  const found = violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${target.join(' ')}: ${failureSummary}`),
  );
  const { scrollWidth } = document.documentElement;
  if (scrollWidth > width) found.push(`it is ${scrollWidth} px wide and scrolls sideways: ${widest()}`);
  return found;
})();

/** What sticks out. */
function widest() {
  const out = [...document.body.querySelectorAll('*')].filter(
    (element) => element.getBoundingClientRect().right > width + 1,
  );
  return out.slice(0, 5).map((element) => element.outerHTML.slice(0, 120)).join(' | ');
}
