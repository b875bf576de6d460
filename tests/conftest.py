"""The plug-ins that the tests use."""

pytest_plugins = ["plugins.servers", "plugins.index_advice"]
