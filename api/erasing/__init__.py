"""Erasures on this host: its own files, whoever was asked to erase."""
