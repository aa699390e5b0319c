"""Hooks that let pytest and nbval grade exercises."""
