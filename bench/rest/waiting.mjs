// Starts so many transfers that nobody answers, and prints this process's memory while they wait.
//   node waiting.mjs FOLDER_OF_SIPREST URL TRANSFERS
const [product, url, transfers] = process.argv.slice(2);
const { RestClient } = await import(`${product}/rest.js`);
const mib = () => Math.round(process.memoryUsage().rss / 2 ** 20);

const client = new RestClient({ timeout: 100_000, connectTimeout: 60_000 });
const before = mib();
const waiting = [];
let connected = 0;
const { channel } = await import('node:diagnostics_channel');
channel('siprest:rest:connection').subscribe(() => connected++);
for (let i = 0; i < Number(transfers); i++) {
  waiting.push(client.get(`${url}${i}`).then(({ reason }) => Promise.reject(new Error(reason))));
  if (i % 200 === 199) await new Promise((resolve) => setTimeout(resolve, 10));
}
const failed = Promise.race(waiting);
failed.catch((error) => {
  console.error(error);
  process.exit(1);
});
while (connected < Number(transfers)) await new Promise((resolve) => setTimeout(resolve, 20));
await new Promise((resolve) => setTimeout(resolve, 500));
if (client.active !== Number(transfers)) throw new Error(`${client.active} transfers wait`);
const most = Math.round(process.resourceUsage().maxRSS / 1024);
console.log(JSON.stringify({ before, waiting: mib(), most }));
process.exit(0);
