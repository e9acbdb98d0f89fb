let
  caches = [ ];
in
{
  inherit caches;

  # As nix.settings takes them: the lowest priority is asked first.
  substituters = map (
    cache: cache.url + (if cache.priority == null then "" else "?priority=${toString cache.priority}")
  ) caches;
  publicKeys = map (cache: cache.publicKey) caches;
}
