"""Tenants: who they are, their settings, their jurisdiction, their keys."""
