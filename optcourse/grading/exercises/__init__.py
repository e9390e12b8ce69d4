"""Declarations of the exercises, one module a section. Modules are found by themselves: add one, and it is known."""
