// Command packmodule puts a version of a module into a folder that Go takes for a
// module proxy:
//
//	packmodule -proxy folder -repository . [-folder refundjobs] module/path@v1.2.3
//
// It packs what git has at the tag v1.2.3, or refundjobs/v1.2.3, as the module proxy
// would, and not what lies in the working tree. Users then get it with
// GOPROXY=file:///folder. The folder has one version of each module.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/mod/module"
	"golang.org/x/mod/zip"
)

func main() {
	proxy := flag.String("proxy", "", "the folder that becomes a module proxy")
	repository := flag.String("repository", ".", "a folder with .git in it")
	folder := flag.String("folder", "", "where the module is in the repository; empty for its root")
	flag.Parse()
	if err := pack(*proxy, *repository, *folder, flag.Arg(0)); err != nil {
		fmt.Fprintln(os.Stderr, "packmodule:", err)
		os.Exit(1)
	}
}

func pack(proxy, repository, folder, name string) (err error) {
	modulePath, version, _ := strings.Cut(name, "@")
	m := module.Version{Path: modulePath, Version: version}
	if err := module.Check(m.Path, m.Version); err != nil {
		return err
	}
	escaped, err := module.EscapePath(m.Path)
	if err != nil {
		return err
	}
	versions := filepath.Join(proxy, filepath.FromSlash(escaped), "@v")
	if err := os.MkdirAll(versions, 0o755); err != nil {
		return err
	}
	tag := path.Join(folder, m.Version)
	goMod, err := exec.Command("git", "-C", repository, "show", tag+":"+path.Join(folder, "go.mod")).Output()
	if err != nil {
		return fmt.Errorf("go.mod at %s: %w", tag, err)
	}
	// The time of a version decides nothing.
	info, err := json.Marshal(struct {
		Version string
		Time    time.Time
	}{m.Version, time.Unix(0, 0).UTC()})
	if err != nil {
		return err
	}
	for file, data := range map[string][]byte{m.Version + ".mod": goMod, m.Version + ".info": info, "list": []byte(m.Version + "\n")} {
		if err := os.WriteFile(filepath.Join(versions, file), data, 0o644); err != nil {
			return err
		}
	}
	archive, err := os.Create(filepath.Join(versions, m.Version+".zip"))
	if err != nil {
		return err
	}
	if err := zip.CreateFromVCS(archive, m, repository, tag, folder); err != nil {
		return fmt.Errorf("%s: %w", tag, err)
	}
	return archive.Close()
}
