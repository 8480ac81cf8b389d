package main

import (
	"fmt"
	"slices"

	"github.com/refundkit/refundkit/refundtest"
)

// accounts lists the connected accounts that there are.
func (c *call) accounts() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	ids := []string{}
	for _, p := range c.now.worlds {
		if id := p.world.AccountID(); id != refundtest.PlatformAccount && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

func listAccounts(c *call) (any, error) {
	return map[string]any{"accounts": c.accounts()}, nil
}

func addAccount(c *call) (any, error) {
	in, err := read[struct {
		ID string `json:"id"`
	}](c)
	if err != nil {
		return nil, err
	}
	if err := checkID("id", in.ID, "acct_"); err != nil || in.ID == "" {
		return nil, &fieldError{"id", "it must be the id of an account, acct_..."}
	}
	c.open(c.now, in.ID, false)
	return map[string]string{"id": in.ID}, nil
}

func listFaults(c *call) (any, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return map[string]any{"faults": append([]string{}, c.now.faults...)}, nil
}

func injectFault(c *call) (any, error) {
	in, err := read[faultInput](c)
	if err != nil {
		return nil, err
	}
	fault, err := in.fault()
	if err != nil {
		return nil, err
	}
	if err := fault.Err(); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now.inject(fault)
	return map[string]string{"injected": fault.String()}, nil
}

func clearFaults(c *call) (any, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now.server.ClearFaults()
	c.now.faults = nil
	return map[string]any{"faults": []string{}}, nil
}

func listHooks(c *call) (any, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return map[string]any{"webhooks": append([]endpoint{}, c.now.hooks...)}, nil
}

func addHook(c *call) (any, error) {
	in, err := read[struct {
		URL        string   `json:"url"`
		Secret     string   `json:"secret"`
		Events     []string `json:"enabled_events"`
		APIVersion string   `json:"api_version"`
	}](c)
	if err != nil {
		return nil, err
	}
	e := endpoint{URL: in.URL, APIVersion: in.APIVersion, Events: in.Events}
	if e.APIVersion == "" {
		e.APIVersion = refundtest.APIVersion
	}
	switch {
	case !isWebURL(e.URL):
		return nil, &fieldError{"url", "it must be an absolute URL, http or https"}
	case in.Secret == "":
		return nil, &fieldError{"secret", "it must be there, to sign with"}
	case !versionShape.MatchString(e.APIVersion):
		return nil, &fieldError{"api_version", "it must be a version of Stripe's API, such as 2023-10-16"}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.addEndpoint(c.now, e, in.Secret)
}

func (c *call) hook() (endpoint, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, e := range c.now.hooks {
		if e.ID == c.path("id") {
			return e, nil
		}
	}
	return endpoint{}, fmt.Errorf("there is no webhook %s; GET %s/webhooks lists them", plain(c.path("id")), controlPath)
}

func retryHook(c *call) (any, error) {
	e, err := c.hook()
	if err != nil {
		return nil, err
	}
	return map[string]any{"id": e.ID, "deliveries": e.hook.Retry()}, nil
}

func removeHook(c *call) (any, error) {
	e, err := c.hook()
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	c.now.hooks = slices.DeleteFunc(slices.Clone(c.now.hooks), func(other endpoint) bool { return other.ID == e.ID })
	c.mu.Unlock()
	e.hook.Remove()
	return map[string]any{"id": e.ID, "deleted": true}, nil
}
