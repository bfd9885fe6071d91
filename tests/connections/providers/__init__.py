import pytest

pytest.register_assert_rewrite("tests.connections.providers.contract")
