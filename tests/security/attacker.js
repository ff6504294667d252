// Every request that a page can make to `target`; what it could read of an answer, or saw loaded, is given back.
async ({target, paths, queries, headers, body}) => {
  const done = [];
  const attempt = async (name, action) => {
    try {
      const outcome = await Promise.race([action(), new Promise((_, no) => setTimeout(() => no('silence'), 5000))]);
      if (outcome) done.push(name + ': ' + outcome);
    } catch (error) { /* refused */ }
  };
  const read = async (answer) => answer.type === 'opaque' ? null : answer.status + ' ' + (await answer.text()).slice(0, 80);
  const all = [];
  const fetched = (name, path, options) => all.push(attempt(name + ' ' + path, async () => read(await fetch(target + path, options))));
  for (const path of paths) {
    fetched('GET', path, {});
    fetched('GET with cookies', path, {credentials: 'include'});
    fetched('no-cors GET', path, {mode: 'no-cors'});
    fetched('no-cors POST', path, {mode: 'no-cors', method: 'POST', body});
    fetched('simple POST', path, {method: 'POST', body, headers: {'Content-Type': 'text/plain'}});
    fetched('form POST', path, {method: 'POST', body: new URLSearchParams({Action: 'ListUsers', Version: '2010-05-08'})});
    fetched('preflighted POST', path, {method: 'POST', body, headers});
    for (const method of ['PUT', 'DELETE', 'PATCH', 'OPTIONS']) fetched(method, path, {method, headers});
    for (const query of queries) {
      fetched('signed with nonsense', path + '?' + query, {method: 'POST', body, headers: {'Content-Type': 'text/plain'}});
      fetched('no-cors, signed with nonsense', path + '?' + query, {mode: 'no-cors', method: 'POST', body});
    }
    all.push(attempt('beacon ' + path, async () => { navigator.sendBeacon(target + path, body); return null; }));
    for (const tag of ['img', 'script', 'iframe', 'audio', 'embed', 'track']) {
      all.push(attempt(tag + ' ' + path, () => new Promise((yes, no) => {
        const element = document.createElement(tag);
        element.onload = () => yes(tag === 'iframe' || tag === 'embed' ? null : 'loaded');
        element.onerror = no;
        element.src = target + path;
        document.body.append(element);
        setTimeout(no, 3000);
      })));
    }
    all.push(attempt('style ' + path, () => new Promise((yes, no) => {
      const element = Object.assign(document.createElement('link'), {rel: 'stylesheet', href: target + path});
      element.onload = () => yes('loaded');
      element.onerror = no;
      document.head.append(element);
    })));
    all.push(attempt('form ' + path, async () => {
      const frame = Object.assign(document.createElement('iframe'), {name: 'f' + Math.random()});
      const form = Object.assign(document.createElement('form'),
        {action: target + path, method: 'POST', enctype: 'text/plain', target: frame.name});
      form.append(Object.assign(document.createElement('input'), {name: body, value: ''}));
      document.body.append(frame, form);
      form.submit();
      await new Promise((yes) => setTimeout(yes, 500));
      return null;
    }));
    for (const protocols of [[], ['streamlit', 'nonsense', ''].slice(0, 1), ['mqtt']]) {
      all.push(attempt('WebSocket ' + path, () => new Promise((yes, no) => {
        const socket = new WebSocket(target.replace('http', 'ws') + path, protocols);
        socket.onopen = () => yes('open');
        socket.onerror = no;
      })));
    }
    all.push(attempt('EventSource ' + path, () => new Promise((yes, no) => {
      const source = new EventSource(target + path);
      source.onopen = () => { source.close(); yes('open'); };
      source.onerror = () => { source.close(); no(); };
    })));
    all.push(attempt('origin null ' + path, () => new Promise((yes, no) => {
      const frame = document.createElement('iframe');
      frame.sandbox = 'allow-scripts';
      frame.srcdoc = `<script>
        fetch(${JSON.stringify(target + path)}, {method: 'POST', body: 'x'})
          .then(async (a) => parent.postMessage('null ' + a.status + await a.text(), '*')).catch(() => parent.postMessage('', '*'));
        </` + 'script>';
      addEventListener('message', (event) => event.source === frame.contentWindow && (event.data ? yes(event.data) : no()));
      document.body.append(frame);
    })));
  }
  await Promise.all(all);
  return done;
}
