"""The style check: text that people read, by textlint with the glossary's words, and by codespell."""
