"""The portal: pages for operators, `/v1/admin` for scripts."""
