{ config, ... }:
let
  flakeModules = config.flake.modules.nixos;
in
{
  flake.modules.nixos."machines/nixos/azurite" =
    {
      lib,
      options ? { },
      ...
    }:
    {
      imports = [
        flakeModules.base
        flakeModules.nvidia
      ];

      nixpkgs.hostPlatform = "x86_64-linux";
      # system.stateVersion is what clan writes down when it installs the machine. At
      # a priority of 1500 nobody says it but NixOS, which takes its own release.
      assertions = [
        {
          assertion = options.system.stateVersion.highestPrio or 0 < 1500;
          message = "azurite: nobody says its system.stateVersion, so each upgrade of nixpkgs would change it. Clan writes it down when it installs the machine. Without clan, give the machine state_version=… in the fleet: a new one the release of today; one that runs the release that it was installed with, which the history of this file tells";
        }
      ];

      boot = {
        loader = {
          systemd-boot.enable = true;
          efi.canTouchEfiVariables = true;
          # Compute Engine boots with UEFI, whatever others import.
          grub.enable = lib.mkForce false;
        };
        initrd.availableKernelModules = [
          "nvme"
          "virtio_pci"
          "virtio_scsi"
        ];
        # Read with gcloud compute connect-to-serial-port.
        kernelParams = [ "console=ttyS0,115200" ];
        zfs = {
          devNodes = "/dev/disk/by-path";
          # As clan has it. After a rescue system left the pool open, boot once with
          # zfs_force=1 on the kernel's command line.
          forceImportRoot = lib.mkDefault false;
        };
      };

      networking = {
        hostName = "azurite";
        # The installer's, with which ZFS imports the pool; clan has the same.
        hostId = lib.mkDefault "8425e349";
        useNetworkd = true;
        useDHCP = false;
        # Google smears leap seconds; its clocks do not mix with others.
        timeServers = [ "metadata.google.internal" ];
        firewall = {
          enable = true;
          allowedTCPPorts = [ 22 ];
        };
      };
      systemd.network.networks."10-uplink" = {
        matchConfig.Name = "en* eth*";
        networkConfig.DHCP = "yes";
        # 1460 bytes, unless the VPC network has another.
        dhcpV4Config.UseMTU = true;
      };

      services.openssh = {
        enable = true;
        settings = {
          PermitRootLogin = "prohibit-password";
          PasswordAuthentication = false;
          KbdInteractiveAuthentication = false;
        };
      };
    };
}
