import { EventError } from "../errors.ts";

/** Where a recording is on the web. */
export interface WebAddress {
  /** What is fetched. It names no user: `fetch` refuses that. */
  readonly url: string;
  /** What messages and metadata call it: origin and path. */
  readonly name: string;
  /** The header `Authorization`; null for an address that names no user. */
  readonly authorization: string | null;
}

/**
 * An `http:` or `https:` address as what is fetched; null for a path or a URL of another kind.
 *
 * @throws EventError `source-unsupported` for what begins like one but is none
 */
export function webAddressOf(given: string | URL): WebAddress | null {
  const text = String(given);
  if (!/^https?:\/\//i.test(text)) return null;
  if (!URL.canParse(text)) {
    throw new EventError("source-unsupported", "this is no web address", {
      path: withoutSecrets(text),
      expected: "for example https://example.org/recording.raw",
    });
  }
  const url = new URL(text);
  const { username, password } = url;
  const isNamed = username !== "" || password !== "";
  url.username = "";
  url.password = "";
  url.hash = "";
  return {
    url: url.href,
    name: withoutSecrets(url),
    authorization: isNamed ? basicAuthorization(username, password) : null,
  };
}

/**
 * An address without what may be secret in it: user and password, the query, which often holds a
 * signature or a token, and the fragment. Paths and `file:` URLs stay as they are.
 */
export function withoutSecrets(address: string | URL): string {
  const text = String(address);
  const [, scheme = "", rest = ""] = /^([a-z][a-z0-9+.-]*:\/\/)(.*)$/is.exec(text) ?? [];
  if (scheme === "" || /^file:/i.test(scheme)) return text;
  // In what cannot be parsed, a password may hold any character.
  const user = URL.canParse(text) ? /^[^/\\?#]*@/ : /^.*@/s;
  return scheme + rest.replace(user, "").replace(/[?#].*$/s, "");
}

function basicAuthorization(username: string, password: string): string {
  const bytes = new TextEncoder().encode(`${decoded(username)}:${decoded(password)}`);
  return `Basic ${btoa(String.fromCharCode(...bytes))}`;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part; // a percent sign that begins no escape
  }
}
