let
  caches = import ../../lib/caches.nix;
  base = {
    nix.settings = {
      substituters = caches.substituters;
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
