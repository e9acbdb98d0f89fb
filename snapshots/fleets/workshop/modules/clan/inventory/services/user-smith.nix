{ inputs, ... }:
{
  clan.inventory.instances.user-smith = {
    module.name = "users";
    roles.default = {
      machines.anvil = { };
      tags.laptop.settings.groups = [ "video" ];
      settings = {
        user = "smith";
        groups = [ "wheel" ];
        share = true;
        prompt = false;
        identity = {
          main = {
            groups = [ "smiths" ];
          };
          guild = { };
        };
        openssh.authorizedKeys.keys = [
          "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGFkbWluOiBleGFtcGxlLCBubyBwcml2YXRlIGtleS4u smith"
        ];
        openssh.authorizedKeys.keyFiles = [ ../../../../keys/smith.pub ];
      };
      extraModules = [
        (
          { pkgs, ... }:
          {
            home-manager.users.smith = inputs.self.smith;
            users.users.smith.shell = pkgs.zsh;
          }
        )
      ];
    };
  };
}
