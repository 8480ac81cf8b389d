package main

import (
	"bytes"
	_ "embed"
	"html/template"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/refundkit/refundkit/refundtest"
)

const mostRows = 100 // of each table

//go:embed page.html
var pageText string

var pageTemplate = template.Must(template.New("page").Funcs(template.FuncMap{
	"money": money,
	"clock": func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") },
}).Parse(pageText))

// place is a world with a name for people.
type place struct {
	name  string
	world *refundtest.World
}

// list adds a place to others, unless it is there or needs no adding.
func (p place) list(places []place) []place {
	if p.name == "test mode" || p.name == "live mode" || slices.Contains(places, p) {
		return places
	}
	return append(places, p)
}

// page shows people what there is.
type page struct {
	server *refundtest.Server
	worlds []place
}

// view is what the template is given.
type view struct {
	refundtest.Recent
	Base    string
	Now     time.Time
	Worlds  []link
	World   int
	Refresh bool
	Most    int
}

type link struct {
	Name    string
	Number  int
	Current bool
}

func (p *page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	chosen, err := strconv.Atoi(r.URL.Query().Get("world"))
	if err != nil || chosen < 0 || chosen >= len(p.worlds) {
		chosen = 0
	}
	v := view{
		Recent: p.worlds[chosen].world.Recent(mostRows), Base: "http://" + r.Host, Now: p.server.Now(),
		World: chosen, Refresh: r.URL.Query().Has("refresh"), Most: mostRows,
	}
	for i, world := range p.worlds {
		v.Worlds = append(v.Worlds, link{world.name, i, i == chosen})
	}
	var b bytes.Buffer
	if err := pageTemplate.Execute(&b, v); err != nil {
		http.Error(w, "the page cannot be shown: "+err.Error(), http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write(b.Bytes()) // the reader may have gone
}
