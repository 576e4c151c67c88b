// sa-sdk-miniprogram against a mocked wx: argv URL COUNT. Prints how many events it tracked.
const http = require('http');
const [url, count] = [process.argv[2], Number(process.argv[3])];
const storage = new Map();
const shown = [];
let waiting = 0;
global.wx = {
  request(options) {
    waiting += 1;
    const target = new URL(options.url);
    const request = http.request(
      { host: target.hostname, port: target.port, path: target.pathname + target.search,
        method: options.method || 'GET', headers: options.header || {} },
      (answer) => {
        answer.on('error', () => {});
        answer.resume();
        answer.on('end', () => { waiting -= 1; if (options.success) options.success({ statusCode: answer.statusCode }); if (options.complete) options.complete(); });
        answer.on('close', () => { if (!answer.complete) { waiting -= 1; if (options.fail) options.fail({}); if (options.complete) options.complete(); } });
      },
    );
    request.on('error', () => { waiting -= 1; if (options.fail) options.fail({}); if (options.complete) options.complete(); });
    request.end(options.data);
    return { abort() {} };
  },
  getStorageSync: (key) => storage.get(key) || '',
  setStorageSync: (key, value) => storage.set(key, value),
  getStorage: (o) => { const found = { data: storage.get(o.key) || '' }; if (o.success) o.success(found); if (o.complete) o.complete(found); },
  setStorage: (o) => { storage.set(o.key, o.data); if (o.success) o.success(); },
  getNetworkType: (o) => { if (o.success) o.success({ networkType: 'wifi' }); if (o.complete) o.complete(); },
  getSystemInfo: (o) => { if (o.success) o.success({ brand: 'x', model: 'm', system: 'iOS 17', platform: 'ios', SDKVersion: '3.0.0', version: '8.0.0', screenWidth: 390, screenHeight: 844 }); if (o.complete) o.complete(); },
  getSystemInfoSync: () => ({ brand: 'x', model: 'm', system: 'iOS 17', platform: 'ios' }),
  getAccountInfoSync: () => ({ miniProgram: { appId: 'wxabc123', envVersion: 'release', version: '1.0' } }),
  getLaunchOptionsSync: () => ({ path: 'pages/index', scene: 1001, query: {} }),
  onNetworkStatusChange() {}, onAppShow: (f) => shown.push(f), onAppHide() {}, setNavigationBarTitle() {},
};
global.App = (o) => o; global.Page = (o) => o; global.Component = (o) => o; global.getCurrentPages = () => [];
const sensors = require('sa-sdk-miniprogram/sensorsdata.min.js');
sensors.setPara({ name: 'sensors', server_url: url, autoTrack: { appLaunch: false, appShow: false, appHide: false, pageShow: false, pageShare: false, mpClick: false }, batch_send: { send_timeout: 500, max_length: 6 } });
sensors.init();
for (let i = 0; i < count; i += 1) sensors.track('MiniViewed', { sku: `M${i}` });
if (sensors.bindOpenid) sensors.bindOpenid('oOPEN1');
sensors.login('mini-member');
for (let i = 0; i < count; i += 1) sensors.track('MiniPaid', { fen: i });
console.log(count * 2);
const started = Date.now();
const timer = setInterval(() => { if ((waiting === 0 && Date.now() - started > 9000) || Date.now() - started > 40000) { clearInterval(timer); process.exit(0); } }, 200);
