// sa-sdk-node: argv URL COUNT. Prints how many records it was given.
const SensorsAnalytics = require('sa-sdk-node');
const [url, count] = [process.argv[2], Number(process.argv[3])];
const sa = new SensorsAnalytics();
const consumer = sa.submitTo({ url, gzip: true, mode: 'track', timeout: 10000 });
for (let i = 0; i < count; i += 1) {
  sa.track(`node-${i % 5}`, 'NodeViewed', { sku: `A${i}`, price: i + 0.5, ok: i % 2 === 0 });
}
sa.trackSignup('node-member', 'node-0', { channel: 'server' });
sa.profileSet('node-member', { city: '上海', level: 3 });
console.log(count + 2);
if (consumer && consumer.close) consumer.close();
