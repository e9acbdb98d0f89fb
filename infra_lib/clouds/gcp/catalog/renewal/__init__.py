"""A catalogue of today, from what gcloud and the Cloud Billing Catalog API print.

`documents` reads JSON of several pages; `machine_types`, `accelerators` and `skus` read one kind of
file each, `products` what a SKU is of; `prices` makes prices of SKUs, and `renew` the whole.
"""
