"""The OpenAPI document as redocly sees it: linted, and compared with what was released. See `make openapi-lint`."""
