{
  nixConfig.extra-substituters = [ "https://cache.example.org" ];
  nixConfig.extra-trusted-public-keys = [
    "cache.example.org-1:74DUi4Ye579gUqzH4ziL9IyiJBlDpMRn9MBN8oNan9M="
  ];
}
