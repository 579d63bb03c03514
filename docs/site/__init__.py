"""The documentation site: ``make docs`` builds it from README.md, docs/*.md and the source."""
