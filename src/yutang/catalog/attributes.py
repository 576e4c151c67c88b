"""What well-known customer attributes are called: those that tracking SDKs set by themselves, and
those that everybody names the same; in the order in which a person is described. Names without
regard to case and a leading `$`."""

from __future__ import annotations

Label = tuple[str, str]
LABELS: dict[str, Label] = {
    "name": ("姓名", "name"),
    "nickname": ("昵称", "nickname"),
    "gender": ("性别", "gender"),
    "sex": ("性别", "gender"),
    "birthday": ("生日", "birthday"),
    "age": ("年龄", "age"),
    "phone": ("手机号", "phone"),
    "mobile": ("手机号", "phone"),
    "email": ("邮箱", "e-mail"),
    "avatar": ("头像", "picture"),
    "country": ("国家", "country"),
    "province": ("省份", "province"),
    "city": ("城市", "city"),
    "address": ("地址", "address"),
    "level": ("等级", "level"),
    "vip_level": ("会员等级", "member level"),
    "member_level": ("会员等级", "member level"),
    "points": ("积分", "points"),
    "company": ("公司", "company"),
    "signup_time": ("注册时间", "signed up"),
    "created_at": ("创建时间", "made at"),
    "createdat": ("创建时间", "made at"),
    "first_visit_time": ("首次访问时间", "first visit"),
    "first_referrer": ("首次前向地址", "first referrer"),
    "first_referrer_host": ("首次前向域名", "first referrer's host"),
    "first_browser_language": ("首次浏览器语言", "first browser language"),
    "first_traffic_source_type": ("首次流量来源", "first kind of traffic"),
    "first_search_keyword": ("首次搜索词", "first search words"),
    "alive": ("仍是顾客的概率", "probability of still being a customer"),
    "orders_90d": ("未来 90 天预计购买次数", "purchases expected in 90 days"),
    "value_365d": ("未来 365 天预计价值", "value expected in 365 days"),
    "next_order_at": ("预计下次购买", "next purchase expected"),
    "churn_365d": ("一年内不再购买的概率", "probability of buying nothing for a year"),
    "utm_source": ("广告来源", "utm source"),
    "utm_medium": ("广告媒介", "utm medium"),
    "utm_campaign": ("广告活动", "utm campaign"),
    "utm_content": ("广告内容", "utm content"),
    "utm_term": ("广告关键词", "utm term"),
}

PLACES = {name: place for place, name in enumerate(LABELS)}


def attribute_label(name: str) -> Label | None:
    """(zh, en) of a well-known attribute.

    >>> attribute_label("$City"), attribute_label("shoe_size")
    (('城市', 'city'), None)
    """
    return LABELS.get(_key(name))


def place_of(name: str) -> tuple[int, str]:
    """Sorts attributes: well-known ones as one describes a person, then the others by name.

    >>> sorted(("shoe_size", "$city", "Bag", "name"), key=place_of)
    ['name', '$city', 'Bag', 'shoe_size']
    """
    key = _key(name)
    return PLACES.get(key, len(PLACES)), key


def _key(name: str) -> str:
    return name.casefold().removeprefix("$")
