{
  config,
  inputs,
  lib,
  ...
}:
{
  clan.inventory.instances.backups = {
    module.name = "borgbackup";
    roles.server = {
      machines.anvil.settings.directory = "/srv/backups";
      extraModules = [ config.flake.modules.nixos.base ];
    };
    roles.client = {
      machines."or".settings.startAt = lib.mkForce "*-*-* 05:00:00";
      tags = {
        laptop.settings.exclude = [ "*.iso" ];
        server = { };
      };
      settings = {
        startAt = "*-*-* 03:00:00";
        exclude = [ "/tmp" ];
      };
      extraModules = [
        ../../../../own/backups.nix
        ../../../../own/disks
        inputs.srvos.nixosModules.server
        { services.cron.enable = false; }
      ];
    };
  };
}
