"""The dashboard's packages, fetched when its tests are collected: their modules import them."""

from client.dashboard.serve import install

install()
