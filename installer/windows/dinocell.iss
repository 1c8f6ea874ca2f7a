; Inno Setup 6 recipe: wraps the folder that installer\build.py made into one installer.
;
;   python installer\build.py --to dist
;   iscc /DVersion=0.1.0 installer\windows\dinocell.iss
;
; Projects, models and settings lie in the user's own folders; removing the application leaves them alone.

#ifndef Version
  #error Name the version: iscc /DVersion=...
#endif

[Setup]
AppId={{6C1F7A0D-5C4B-4E5B-9C7F-0A6B1B6D5E21}
AppName=DINOCell
AppVersion={#Version}
AppPublisher=The DINOCell application authors
DefaultDirName={autopf}\DINOCell
DefaultGroupName=DINOCell
; Without administrator rights it installs for the one person, as laboratories' computers often ask for.
PrivilegesRequired=lowest
PrivilegesRequiredOverridesAllowed=dialog
ArchitecturesAllowed=x64compatible
ArchitecturesInstallIn64BitMode=x64compatible
LicenseFile=..\..\resources\LICENSE
OutputDir=..\..\dist
OutputBaseFilename=DINOCell-{#Version}-setup
Compression=lzma2/fast
SolidCompression=yes
UninstallDisplayIcon={app}\DINOCell.exe
ChangesEnvironment=yes

[Files]
Source: "..\..\dist\DINOCell\*"; DestDir: "{app}"; Flags: recursesubdirs ignoreversion

[Icons]
Name: "{group}\DINOCell"; Filename: "{app}\DINOCell.exe"
Name: "{autodesktop}\DINOCell"; Filename: "{app}\DINOCell.exe"; Tasks: desktop

[Tasks]
Name: "desktop"; Description: "Put an icon on the desktop"

[Registry]
; The shell command is found by terminals that are opened afterwards.
Root: HKA; Subkey: "{code:EnvironmentKey}"; ValueType: expandsz; ValueName: "Path"; ValueData: "{olddata};{app}"; Check: NotOnPath
; A project is a folder: the menu of a folder opens it, and folders of images begin one.
Root: HKA; Subkey: "Software\Classes\Directory\shell\DINOCell"; ValueType: string; ValueData: "Open in DINOCell"; Flags: uninsdeletekey
Root: HKA; Subkey: "Software\Classes\Directory\shell\DINOCell\command"; ValueType: string; ValueData: """{app}\DINOCell.exe"" ""%1"""
Root: HKA; Subkey: "Software\Classes\.dinocell-assay"; ValueType: string; ValueData: "DINOCell.assay"; Flags: uninsdeletevalue
Root: HKA; Subkey: "Software\Classes\DINOCell.assay"; ValueType: string; ValueData: "DINOCell assay"; Flags: uninsdeletekey
Root: HKA; Subkey: "Software\Classes\DINOCell.assay\DefaultIcon"; ValueType: string; ValueData: "{app}\DINOCell.exe,0"

[Run]
Filename: "{app}\DINOCell.exe"; Description: "Open DINOCell"; Flags: nowait postinstall skipifsilent

[Code]
function EnvironmentKey(Unused: String): String;
begin
  if IsAdminInstallMode then
    Result := 'System\CurrentControlSet\Control\Session Manager\Environment'
  else
    Result := 'Environment';
end;

function NotOnPath(): Boolean;
var
  Path: String;
begin
  if not RegQueryStringValue(HKA, EnvironmentKey(''), 'Path', Path) then
    Path := '';
  Result := Pos(';' + Uppercase(ExpandConstant('{app}')) + ';', ';' + Uppercase(Path) + ';') = 0;
end;

procedure CurUninstallStepChanged(Step: TUninstallStep);
var
  Path: String;
begin
  if (Step = usPostUninstall) and RegQueryStringValue(HKA, EnvironmentKey(''), 'Path', Path) then
  begin
    StringChangeEx(Path, ';' + ExpandConstant('{app}'), '', True);
    RegWriteExpandStringValue(HKA, EnvironmentKey(''), 'Path', Path);
  end;
end;
