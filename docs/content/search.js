// Finds pages by words, without a server: `find(pages, words, count)`, where a page is { uri, title, content, headings, type } as in index.json.
// The browser has it as window.siteSearch; .ci/docs asks it the questions of docs/content/questions.txt with node.
(() => {
  const idle = new Set(('a an and are as at be by can could do does for from get give has have how i in is it its me my of on one or should so ' +
    'than that the their them there this to use want was what when where which who why will with would you your').split(' '));
  const letters = { lambda: 'λ', theta: 'θ', rho: 'ρ', sigma: 'σ', khat: 'k̂', phi: 'φ' };
  const tokens = text => (text || '').toLowerCase().normalize('NFKC').match(/[\p{L}\p{N}\u0302]+/gu) || [];
  // "samplers", "sampling" and "sampled" begin with the same letters.
  const stem = word => word.length > 4 ? word.replace(/(ations?|ings?|ed|es|s|e)$/, '') : word.replace(/s$/, '');

  const count = text => {
    const counts = new Map();
    for (const token of tokens(text)) { const s = stem(token); counts.set(s, (counts.get(s) || 0) + 1); }
    return counts;
  };

  // Pages of the guide answer questions; lists of pages and reasons for decisions mention everything; functions are found by their names.
  const weight = uri => /reference\//.test(uri) ? 0.35 : /decisions\/|index\.html|gallery\.html/.test(uri) ? 0.5 : 1;

  const prepared = new WeakMap();
  const prepare = pages => {
    if (!prepared.has(pages)) {
      const known = pages.map(page => {
        const headings = Array.isArray(page.headings) ? page.headings.join(' ') : page.headings;
        const body = count(page.content);
        let length = 0;
        for (const n of body.values()) length += n;
        return { page, title: count(page.title), headings: count(headings), body, length, weight: weight(page.uri) };
      });
      const holders = new Map();
      for (const entry of known) for (const word of new Set([...entry.title.keys(), ...entry.headings.keys(), ...entry.body.keys()]))
        holders.set(word, (holders.get(word) || 0) + 1);
      prepared.set(pages, { known, holders });
    }
    return prepared.get(pages);
  };

  const find = (pages, words, limit = 10) => {
    const { known, holders } = prepare(pages);
    const asked = [...new Set(tokens(words).filter(word => !idle.has(word)).map(word => stem(letters[word] ?? word)))];
    if (asked.length === 0) return [];
    const average = known.reduce((sum, entry) => sum + entry.length, 0) / known.length;
    // The word itself, or words that begin with it, which count less.
    const hits = (counts, word) => {
      let sum = counts.get(word) || 0;
      if (word.length > 2) for (const [other, n] of counts) if (other !== word && other.startsWith(word)) sum += 0.4 * n;
      return sum;
    };
    const scored = known.map(entry => {
      let score = 0, matched = 0;
      for (const word of asked) {
        const rare = Math.log(1 + known.length / (1 + (holders.get(word) || 0)));
        // BM25 (Robertson and Zaragoza 2009) for the text; titles and headings say what a page is about.
        const n = hits(entry.body, word);
        const body = n * 2.2 / (n + 1.2 * (0.4 + 0.6 * entry.length / average));
        const title = Math.min(1, hits(entry.title, word)), heading = Math.min(1, hits(entry.headings, word));
        if (n + title + heading > 0) matched += 1;
        score += rare * (body + 2.5 * title + 1.2 * heading);
      }
      return { page: entry.page, score: score * (matched / asked.length) ** 2 * entry.weight };
    });
    return scored.filter(found => found.score > 0).sort((a, b) => b.score - a.score).slice(0, limit).map(found => found.page);
  };

  // A few words around the place where most of those asked for stand together.
  const around = (page, words) => {
    const plain = (page.content || '').replace(/<[^>]*>/g, '').replace(/&(quot|gt|lt|amp|#39);/g, (_, name) => ({ quot: '"', gt: '>', lt: '<', amp: '&', '#39': "'" })[name]);
    const text = plain.replace(/\s+/g, ' ').trim();
    const asked = new Set(tokens(words).filter(word => !idle.has(word)).map(word => stem(letters[word] ?? word)));
    const places = [...text.toLowerCase().matchAll(/[\p{L}\p{N}\u0302]+/gu)].map(word => ({ at: word.index, stem: stem(word[0]) })).filter(word => asked.has(word.stem));
    let at = 0, most = 0;
    for (const [i, place] of places.entries()) {
      const together = new Set(places.slice(i, i + 12).filter(other => other.at < place.at + 120).map(other => other.stem)).size;
      if (together > most) { most = together; at = place.at; }
    }
    let from = Math.max(0, at - 30);
    if (from > 0) from = text.indexOf(' ', from) + 1;
    return (from > 0 ? '… ' : '') + text.slice(from, from + 150) + (text.length > from + 150 ? ' …' : '');
  };

  const search = { find, around };
  if (typeof module !== 'undefined') module.exports = search; else window.siteSearch = search;
})();
