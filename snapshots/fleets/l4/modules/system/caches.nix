let
  caches = import ../../lib/caches.nix;
  base = {
    nix.settings = {
      # NixOS and nix-darwin append their own cache, which would be asked twice.
      substituters = builtins.filter (
        url: builtins.match "https?://cache[.]nixos[.]org/?" url == null
      ) caches.substituters;
      trusted-public-keys = caches.publicKeys;
    };
  };
in
{
  flake.modules = {
    nixos.base = base;
    darwin.base = base;
  };
}
