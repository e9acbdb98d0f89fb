{
  clan.inventory.instances.user-bob = {
    module.name = "users";
    roles.default = {
      machines.io = { };
      settings = {
        user = "bob";
        groups = [ "wheel" ];
        openssh.authorizedKeys.keys = [
          "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGFkbWluOiBleGFtcGxlLCBubyBwcml2YXRlIGtleS4u bob"
          "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGFkbWluOiBleGFtcGxlLCBubyBwcml2YXRlIGtleS4u"
        ];
      };
    };
  };
}
