"""What tracking protocols have in common on the wire: bodies, records, values, answers. Pure."""
