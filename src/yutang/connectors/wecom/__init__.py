"""WeCom 企业微信: what it sends and what may be asked of it, in our own words."""
