/** Hides passwords in diagnostics, which show lines of the script, and in the log. */

/**
 * `https://user:secret@host` as `https://user:******@host`, with the same length, so that marks below the line stay
 * aligned.
 */
export function withoutSecrets(text: string): string {
  return text.includes('@') && text.includes('://') ? text.replace(credentials, masked) : text;
}

const credentials = /(:\/\/[^\s/:@"'<>]*:)([^\s/@"'<>]+)(?=@)/g;

/** A line of a script with the values of secret parameters hidden. */
export function lineWithoutSecrets(line: string): string {
  return withoutSecrets(line)
    .replace(secretParameter, masked)
    .replace(secretSetting, masked)
    .replace(authorization, masked);
}

const secretName =
  '[\\w.-]*(?:password|passwd|passphrase|secret|api_?key|auth_?key|token|credential)[\\w.-]*';

/** modparam("auth", "secret", "VALUE") */
const secretParameter = new RegExp(
  `(modparam\\s*\\(\\s*["'][^"']*["']\\s*,\\s*["']${secretName}["']\\s*,\\s*["'])((?:[^"'\\\\]|\\\\.)+)`,
  'gi',
);

/** $var(password) = "VALUE"; and the global parameters of that kind. */
const secretSetting = new RegExp(`(\\b${secretName}\\)?\\s*=\\s*["'])((?:[^"'\\\\]|\\\\.)+)`, 'gi');

/** rest_append_hf("Authorization: Bearer VALUE") */
const authorization = /(\bauthorization:\s*)([^"'\s][^"']*)/gi;

function masked(_: string, before: string, secret: string): string {
  return `${before}${'*'.repeat(secret.length)}`;
}
