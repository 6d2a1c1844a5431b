"""The HTTP face: parse, call one service, return."""
