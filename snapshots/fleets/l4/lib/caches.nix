let
  caches = [
    {
      url = "https://cache.example.org";
      publicKey = "cache.example.org-1:74DUi4Ye579gUqzH4ziL9IyiJBlDpMRn9MBN8oNan9M=";
      priority = null;
    }
  ];
in
{
  inherit caches;

  # As nix.settings takes them: the lowest priority is asked first.
  substituters = map (
    cache: cache.url + (if cache.priority == null then "" else "?priority=${toString cache.priority}")
  ) caches;
  publicKeys = map (cache: cache.publicKey) caches;
}
