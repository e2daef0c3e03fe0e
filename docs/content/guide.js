// Search, the page that is open, and contents: all from files beside the page, so that the site works from a folder.
(() => {
  const root = document.documentElement.dataset.root;
  const box = document.getElementById('search'), list = document.getElementById('found');

  // The index is a script, since pages that are opened from a folder may not read other files; it is fetched when it is needed.
  let loading;
  const load = () => loading ??= new Promise(done => {
    const script = document.createElement('script');
    script.src = root + 'content/search-index.js';
    script.onload = () => done(window.siteIndex);
    script.onerror = () => done([]);
    document.head.append(script);
  });

  const show = async () => {
    const words = box.value.trim();
    if (words === '') { list.hidden = true; return; }
    const pages = await load();
    if (box.value.trim() !== words) return;
    const found = window.siteSearch.find(pages, words, 10);
    list.replaceChildren(...found.map(page => {
      const item = document.createElement('li'), link = document.createElement('a'), text = document.createElement('span');
      link.href = page.uri.replace(/^(ROOT|\.)?\//, root);
      link.textContent = page.title;
      text.textContent = window.siteSearch.around(page, words);
      item.append(link, text);
      return item;
    }));
    if (found.length === 0) { const none = document.createElement('li'); none.textContent = 'Nothing was found.'; list.append(none); }
    list.hidden = false;
  };

  box.addEventListener('input', show);
  box.form.addEventListener('submit', event => { event.preventDefault(); list.querySelector('a')?.click(); });
  document.addEventListener('keydown', event => {
    if (event.key === '/' && !/INPUT|TEXTAREA/.test(document.activeElement.tagName)) { event.preventDefault(); box.focus(); }
    else if (event.key === 'Escape') { list.hidden = true; box.blur(); }
    else if (/^Arrow(Up|Down)$/.test(event.key) && !list.hidden) {
      const links = [...list.querySelectorAll('a')], at = links.indexOf(document.activeElement) + (event.key === 'ArrowDown' ? 1 : -1);
      event.preventDefault();
      (links[at] ?? box).focus();
    }
  });
  document.addEventListener('click', event => { if (!box.form.contains(event.target)) list.hidden = true; });

  // A page given by its address's words: guide.html?q=resume.
  const asked = new URLSearchParams(location.search).get('q');
  if (asked) { box.value = asked; show(); }

  const here = decodeURI(location.pathname);
  for (const link of document.querySelectorAll('nav a'))
    if (decodeURI(link.pathname) === here) { link.setAttribute('aria-current', 'page'); link.scrollIntoView({ block: 'nearest' }); }

  // Open beside the text on a wide window, folded on a phone.
  const wide = matchMedia('(min-width: 801px)'), pages = document.getElementById('pages');
  const fold = () => { pages.open = wide.matches; };
  wide.addEventListener('change', fold);
  fold();

  const contents = document.querySelector('aside');
  if (contents.querySelectorAll('a').length < 2) contents.hidden = true;

  const headings = [...document.querySelectorAll('main h2[id], main h3[id], main a.anchor')];
  const mark = () => {
    const top = headings.filter(heading => heading.getBoundingClientRect().top < 120).pop();
    const name = top && (top.id || top.name || (top.getAttribute('href') || '').slice(1));
    for (const link of contents.querySelectorAll('a')) link.toggleAttribute('aria-current', name !== undefined && link.hash === '#' + name);
  };
  document.addEventListener('scroll', mark, { passive: true });
})();
