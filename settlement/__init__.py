"""Prices, reconciles and settles OCPI charge detail records; usable without any service."""
