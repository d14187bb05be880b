// The site's own API as the wallet page asks it, with the session's cookie.

export class RefusedError extends Error {
  constructor({ code, detail }) {
    super(detail);
    this.code = code;
  }
}

const AWAY = { code: "UNAVAILABLE", detail: "The site does not answer just now." };

export async function ask(method, path, body) {
  const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
  const headers = { "Content-Type": "application/json", "X-CSRFToken": token };
  const content = body === undefined ? undefined : JSON.stringify(body);
  const asked = { method, headers, body: content };
  const answer = await fetch(`/api/v1${path}`, asked).catch(() => null);
  const said = await answer?.json().catch(() => null);
  if (!answer?.ok) throw new RefusedError(said?.detail ? said : AWAY);
  return said;
}
