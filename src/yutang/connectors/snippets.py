"""What to paste into a site, a mini-program or a server, for each SDK: data only.

Words in the code: __URL__ the source's whole address, __BASE__ where receivers are reached,
__KEY__ the write key. A new SDK is one entry of SNIPPETS.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Snippet:
    """code: stable name. install: a command or "". notes: what else must be done."""

    code: str
    kind: str
    zh: str
    en: str
    install: str
    text: str
    note_zh: str = ""
    note_en: str = ""

    def filled(self, *, url: str, base: str, key: str) -> str:
        """The code with a source's own address and key."""
        text = self.text.replace("__URL__", url).replace("__BASE__", base)
        return text.replace("__KEY__", key).strip()


SNIPPETS: tuple[Snippet, ...] = (
    Snippet(
        "sensors-web",
        "sensors",
        "网站（神策 Web JS）",
        "Website (Sensors web JS)",
        "npm install sa-sdk-javascript",
        """
import sensors from "sa-sdk-javascript";

sensors.init({
  server_url: "__URL__",
  is_track_single_page: true,
  batch_send: true, // kept in the browser and sent again until it is received
});
sensors.quick("autoTrack"); // page views

sensors.login("member-1"); // once you know who it is
sensors.track("product_viewed", { sku: "A1", price: 99 });
""",
        "已在用神策：只需把 server_url 换成上面的地址。",
        "Using Sensors already? Only server_url changes.",
    ),
    Snippet(
        "sensors-mini",
        "sensors",
        "微信小程序（神策）",
        "WeChat mini-program (Sensors)",
        "npm install sa-sdk-miniprogram",
        """
// app.js; the file stands in the package's folder dist/wechat
import sensors from "./sensorsdata.esm.js";

sensors.setPara({
  name: "sensors",
  server_url: "__URL__",
  autoTrack: { appLaunch: true, appShow: true, pageShow: true, pageShare: true },
});
sensors.init();

// after wx.login, with what your server says
sensors.bindOpenid("OPENID");
sensors.bind("$identity_mp_unionid", "UNIONID");
sensors.login("member-1");
""",
        "在微信公众平台的“服务器域名”里，把接收域名加入 request 合法域名（必须是 HTTPS）。",
        "Add the receiving domain to the request domains in the WeChat console (HTTPS only).",
    ),
    Snippet(
        "sensors-python",
        "sensors",
        "服务端 Python（神策）",
        "Python server (Sensors)",
        "pip install SensorsAnalyticsSDK",
        """
import sensorsanalytics

consumer = sensorsanalytics.BatchConsumer("__URL__")
sa = sensorsanalytics.SensorsAnalytics(consumer)

sa.track("member-1", "order_shipped", {"order_id": "T1"}, is_login_id=True)
sa.close()  # before the process ends: sends what waits
""",
    ),
    Snippet(
        "sensors-node",
        "sensors",
        "服务端 Node.js（神策）",
        "Node.js server (Sensors)",
        "npm install sa-sdk-node",
        """
const SensorsAnalytics = require("sa-sdk-node");

const sa = new SensorsAnalytics();
sa.submitTo({ url: "__URL__", gzip: true, mode: "track", timeout: 10000 });

sa.track("member-1", "order_shipped", { order_id: "T1", $is_login_id: true });
""",
    ),
    Snippet(
        "sensors-java",
        "sensors",
        "服务端 Java（神策）",
        "Java server (Sensors)",
        "com.sensorsdata.analytics.javasdk:SensorsAnalyticsSDK (Maven)",
        """
import com.sensorsdata.analytics.javasdk.SensorsAnalytics;
import com.sensorsdata.analytics.javasdk.consumer.BatchConsumer;

SensorsAnalytics sa = new SensorsAnalytics(new BatchConsumer("__URL__"));

Map<String, Object> properties = new HashMap<>();
properties.put("order_id", "T1");
sa.track("member-1", true, "order_shipped", properties);
sa.shutdown(); // before the process ends: sends what waits
""",
    ),
    Snippet(
        "segment-web",
        "segment",
        "网站（Segment analytics.js）",
        "Website (Segment analytics.js)",
        "npm install @segment/analytics-next",
        """
import { AnalyticsBrowser } from "@segment/analytics-next";

const analytics = AnalyticsBrowser.load({
  writeKey: "__KEY__",
  cdnURL: "__BASE__",
});

analytics.page();
analytics.identify("member-1", { level: "gold" });
analytics.track("Product Viewed", { sku: "A1", price: 99 });
""",
        "已在用 Segment：只需换 writeKey 与 cdnURL。",
        "Using Segment already? Only writeKey and cdnURL change.",
    ),
    Snippet(
        "segment-python",
        "segment",
        "服务端 Python（Segment）",
        "Python server (Segment)",
        "pip install segment-analytics-python",
        """
import segment.analytics as analytics

analytics.write_key = "__KEY__"
analytics.host = "__BASE__"

analytics.track("member-1", "Order Shipped", {"order_id": "T1"})
analytics.flush()
""",
    ),
    Snippet(
        "segment-node",
        "segment",
        "服务端 Node.js（Segment）",
        "Node.js server (Segment)",
        "npm install @segment/analytics-node",
        """
import { Analytics } from "@segment/analytics-node";

const analytics = new Analytics({ writeKey: "__KEY__", host: "__BASE__" });

analytics.track({ userId: "member-1", event: "Order Shipped", properties: { order_id: "T1" } });
await analytics.closeAndFlush();
""",
    ),
    Snippet(
        "rudder-python",
        "segment",
        "服务端 Python（RudderStack）",
        "Python server (RudderStack)",
        "pip install rudder-sdk-python",
        """
import rudderstack.analytics as analytics

analytics.write_key = "__KEY__"
analytics.dataPlaneUrl = "__BASE__"

analytics.track("member-1", "Order Shipped", {"order_id": "T1"})
analytics.flush()
""",
    ),
    Snippet(
        "posthog-web",
        "posthog",
        "网站（PostHog JS）",
        "Website (PostHog JS)",
        "npm install posthog-js",
        """
import posthog from "posthog-js";

posthog.init("__KEY__", { api_host: "__BASE__", person_profiles: "always" });

posthog.identify("member-1", { level: "gold" });
posthog.capture("product_viewed", { sku: "A1", price: 99 });
""",
        "功能开关、录屏等 PostHog 云端功能不在接收范围内。",
        "Feature flags, recordings and other parts of PostHog's own cloud are not served.",
    ),
    Snippet(
        "posthog-python",
        "posthog",
        "服务端 Python（PostHog）",
        "Python server (PostHog)",
        "pip install posthog",
        """
from posthog import Posthog

posthog = Posthog(project_api_key="__KEY__", host="__BASE__")

posthog.capture("order_shipped", distinct_id="member-1", properties={"order_id": "T1"})
posthog.shutdown()  # before the process ends: sends what waits
""",
    ),
    Snippet(
        "json-curl",
        "json",
        "命令行 curl",
        "curl",
        "",
        """
curl "__URL__" -H "content-type: application/json" -d '{
  "event": "content_read",
  "identities": {"member_no": "m-1"},
  "properties": {"content_id": "c-7", "seconds": 108},
  "message_id": "unique-per-event"
}'
""",
        "一次可发一条、一个列表，或每行一条的 NDJSON；不写 time 就是现在。",
        "One event, a list, or NDJSON with one a line; without `time` it happened now.",
    ),
    Snippet(
        "json-python",
        "json",
        "Python（不装任何包）",
        "Python (no package needed)",
        "",
        """
import json
from urllib.request import Request, urlopen

event = {
    "event": "content_read",
    "identities": {"member_no": "m-1"},
    "properties": {"content_id": "c-7", "seconds": 108},
    "message_id": "unique-per-event",
}
urlopen(Request("__URL__", json.dumps(event).encode(), {"Content-Type": "application/json"}))
""",
    ),
)


def snippets_of(kind: str) -> list[Snippet]:
    """The SDKs whose events a source of this kind takes, the most usual first."""
    return [one for one in SNIPPETS if one.kind == kind]
